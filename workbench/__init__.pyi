from workbench.base import errors as errors
from workbench.base.errors import WorkbenchError as WorkbenchError
from workbench.client.bench import Bench as Bench
from workbench.client.block import Block as Block
from workbench.client.canvas import Canvas as Canvas
from workbench.client.connecting import connect as connect
from workbench.client.debug import DebugState as DebugState
from workbench.client.errors import RunFailed as RunFailed
from workbench.client.function import Function as Function
from workbench.client.run import Run as Run
from workbench.client.showing.charts import enable_charts as enable_charts

__version__: str
