"""What people said since the newest model version's data, and whether a training would learn anything from it."""

from collections import Counter
from itertools import chain

from winnow.corrections.image_results import is_change
from winnow.errors import UnknownVersion
from winnow.training.dataset import get_dataset
from winnow.training.models import ModelVersion, list_models
from winnow.training.stock import accepts_as_it_is
from winnow.training.workspace import Workspace
from winnow.web.result_list import PredictedImages
from winnow.web.schemas_results import BatchOut


def batch_of(images: PredictedImages, workspace: Workspace) -> BatchOut:
    """Counted by the log as it stands; raises ModelError, DatasetError for damaged files."""
    models = list_models(workspace)
    version = models[-1].number if models else None
    since = _last_learnt(workspace, models[-1]) if models else 0
    with images.session.reading() as ledger:
        lasts = [events[-1] for events in ledger.image_events().values() if events[-1].seq > since]
        changes = [verdict for verdict in ledger.currents() if verdict.seq > since and is_change(verdict)]
        on_images = chain.from_iterable(ledger.image_events().values())
        said = [event for event in chain(ledger.standing(), on_images) if event.seq > since]
    replaced = {verdict.replaces for verdict in changes}  # a moved box is one change, not two
    changed = sum(verdict.item_id not in replaced for verdict in changes)
    missed = sum(event.kind == "miss" for event in lasts)
    outcomes = Counter(event.reason for event in lasts if event.kind != "miss")
    refined, rejected = outcomes["refined"], outcomes["rejected"]
    is_corrected = bool(refined or rejected or changed or missed)
    is_changed = not all(map(accepts_as_it_is, said))
    return BatchOut(
        model_version=version,
        since_seq=since,
        accepted=outcomes["accepted"],
        refined=refined,
        rejected=rejected,
        changed_objects=changed,
        missed=missed,
        open=int((images.is_predicted & (images.statuses().of == 0)).sum()),
        is_changed=is_changed,
        message=_message(version, outcomes["accepted"], is_corrected=is_corrected, is_changed=is_changed),
    )


def _last_learnt(workspace: Workspace, model: ModelVersion) -> int:
    """The newest event in a model's data; 0 where somebody removed the data set version."""
    try:
        return get_dataset(workspace, model.dataset).manifest.last_seq
    except UnknownVersion:
        return 0


def _message(version: int | None, accepted: int, *, is_corrected: bool, is_changed: bool) -> str:
    since = "so far" if version is None else f"since the data of model v{version}"
    images = "1 image was" if accepted == 1 else f"{accepted:,} images were"
    if is_corrected:
        return f"Something was corrected {since}: a training would learn from that."
    if is_changed:
        return f"No prediction was corrected {since}, but other verdicts were given: a training would learn from those."
    if not accepted:
        return f"Nothing was reviewed {since}."
    if version is None:
        return (
            f"Nothing was corrected: {images} accepted as predicted. This project has no model version yet, so a "
            "first training would learn to do what was predicted here, no better."
        )
    return (
        f"No change, no retrain: {images} accepted as predicted {since} and nothing was corrected. A training would be "
        "told only what the model says already. Review more images, or correct what is wrong first."
    )
