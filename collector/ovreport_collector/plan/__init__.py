"""What is measured: a request and a suite become a plan.

request     what the user requested → Plan
load_suite  reads a suite; `validation` refuses one that cannot be measured
tiers       how long and how often to measure
devices     which devices there are, and which precisions each is measured at
engines     which engines run a model
plan        the plan and its cases
"""
