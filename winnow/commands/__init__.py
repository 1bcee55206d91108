"""The commands of `python -m winnow`, in the order of the round: each module's `add` registers its own."""

from winnow.commands import dataset, export_, import_, models, propose, report, results, rounds, serve, simulate, train

COMMANDS = (serve, propose, import_, dataset, train, report, rounds, results, models, simulate, export_)
