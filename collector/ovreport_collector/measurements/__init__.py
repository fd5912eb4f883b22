"""What a collect measures; `registry` lists it.

A folder a measurement: `run` is what the measuring process does (job, result, the loops), and
`measurement` what the session needs of it (when it applies, its job after a process, its part of
the record, its expected seconds). They are apart so that a measuring process, whose memory is
measured too, loads nothing of the session.

    outputs                 before the processes: outputs, and how to drive requests
    inference, generation   what a process itself measures, of the two kinds of model
    all others              what it measures after that, in processes of their own
"""
