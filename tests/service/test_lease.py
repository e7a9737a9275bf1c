"""Only a lease's holder writes: one who was paused past its end leaves nothing behind."""

from datetime import timedelta

import pytest

from attune.errors import BusyError, ConflictError
from attune.ports import Create
from attune.services.lease import leased
from attune.services.manifests import of_leases
from attune.services.manifests.of_leases import Slot
from service.theatre import Stage

LENGTH = timedelta(seconds=600)


def test_a_holder_whose_lease_was_taken_writes_nothing_and_lets_the_new_one_keep_it() -> None:
    stage = Stage()
    with leased("d", "old", LENGTH, stage.documents, stage.clock) as old:
        stage.pass_time(601)
        with leased("d", "new", LENGTH, stage.documents, stage.clock) as new:
            with pytest.raises(BusyError):
                old.commit(Create(of_leases.slot(0), Slot("d", "r000001", stage.now)))
            assert stage.documents.get(of_leases.slot(0)) is None
            old.release()
            new.commit(Create(of_leases.slot(1), Slot("d", "r000001", stage.now)))
    assert stage.documents.get(of_leases.slot(1)) is not None


def test_each_write_renews_the_lease() -> None:
    stage = Stage()
    with leased("d", "mine", LENGTH, stage.documents, stage.clock) as hold:
        stage.pass_time(599)
        hold.commit()
        stage.pass_time(599)
        with pytest.raises(BusyError), leased("d", "theirs", LENGTH, stage.documents, stage.clock):
            pass


def test_a_write_that_loses_for_another_reason_leaves_the_lease_held() -> None:
    stage = Stage()
    taken = Create(of_leases.slot(0), Slot("d", "r000001", stage.now))
    stage.documents.commit(taken)
    with leased("d", "mine", LENGTH, stage.documents, stage.clock) as hold:
        with pytest.raises(ConflictError):
            hold.commit(taken)
        hold.commit(Create(of_leases.slot(1), Slot("d", "r000001", stage.now)))
    assert stage.documents.get(of_leases.slot(1)) is not None
