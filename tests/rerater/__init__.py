"""An independent re-rater: the rules of the bill in plain Python with exact fractions.

Written from the text of the semantics alone; it shares nothing with the SQL that it judges. Every
function names the rule that it carries out. Clarity before speed.
"""

from .reader import Folder, read_folder
from .runs import History, RunResult, rerate, run

__all__ = ["Folder", "History", "RunResult", "read_folder", "rerate", "run"]
