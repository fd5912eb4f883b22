from ovreport.figures import Figure as Figure
from ovreport.results import RecordWarning as RecordWarning
from ovreport.results import Results as Results
from ovreport.results import load as load

__version__: str
