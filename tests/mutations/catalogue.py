"""Lines that keep anything from being lost or done twice, each with what it would be without its protection."""

from __future__ import annotations

from dataclasses import dataclass

_ATTUNE = "shared/attune"
_TWINS = "shared/attune_local/twins"
_LAUNCH = "tests/service/test_launch.py"


@dataclass(frozen=True, slots=True)
class Mutation:
    """What is taken away, in words; the file, its very text and what takes its place; and the tests that must see it.

    A test is a file, or one test in it, as pytest names them.
    """

    name: str
    file: str
    text: str
    replacement: str
    tests: tuple[str, ...]


MUTATIONS = (
    Mutation(
        "an upload does not want its name free",
        f"{_ATTUNE}/adapters/storage.py",
        "return self._upload(name, data, content_type, _FREE)",
        "return self._upload(name, data, content_type, None)",
        ("tests/contract/test_storage_wire.py",),
    ),
    Mutation(
        "a composition does not want its name free",
        f"{_ATTUNE}/adapters/storage.py",
        "return self._compose(self._bucket.blob(name), sources, _FREE)",
        "return self._compose(self._bucket.blob(name), sources, None)",
        ("tests/contract/test_storage_wire.py",),
    ),
    Mutation(
        "the intake is read at whatever generation is there",
        f"{_ATTUNE}/adapters/storage.py",
        "blob(name, generation=generation), self._repeated, generation)",
        "blob(name), self._repeated)",
        ("tests/contract/test_storage_wire.py",),
    ),
    Mutation(
        "a document is replaced whatever became of it",
        f"{_ATTUNE}/adapters/firestore.py",
        "_replacing(read.value, value), option=self._unchanged(read))",
        "_replacing(read.value, value))",
        ("tests/contract/test_firestore_conditions.py",),
    ),
    Mutation(
        "a document is created over another",
        f"{_ATTUNE}/adapters/firestore.py",
        "batch.create(reference, encode(value))",
        "batch.set(reference, encode(value))",
        ("tests/contract/test_firestore_conditions.py",),
    ),
    Mutation(
        "a document is deleted whatever became of it",
        f"{_ATTUNE}/adapters/firestore.py",
        "option=self._unchanged(read) if read else None",
        "option=None",
        ("tests/contract/test_firestore_conditions.py",),
    ),
    Mutation(
        "a commit without an answer is sent again",
        f"{_ATTUNE}/adapters/firestore.py",
        "self._repeated if harmless else self._repeated_if_undone",
        "self._repeated",
        ("tests/contract/test_firestore_wire.py::test_a_commit_that_may_have_happened_is_not_repeated",),
    ),
    Mutation(
        "the twin replaces a document whatever became of it",
        f"{_TWINS}/documents.py",
        "if read is not None and (stands is None or stands.version != read.version):",
        "if read is not None and stands is None:",
        ("tests/contract/test_documents.py",),
    ),
    Mutation(
        "a pair is written over what another event made of it",
        f"{_ATTUNE}/services/ingest.py",
        "self.documents.commit(Replace(read, change.pair), *change.also)",
        "self.documents.commit(Replace(self.documents.get(read.key) or read, change.pair), *change.also)",
        ("tests/service/test_protection.py",),
    ),
    Mutation(
        "a job is created without a look for one",
        f"{_ATTUNE}/services/start.py",
        "if job := self._find(run.value):",
        "if job := (self._find(run.value) if run.value.job else None):",
        (
            f"{_LAUNCH}::test_a_job_whose_answer_was_lost_is_found_by_its_label",
            f"{_LAUNCH}::test_a_launcher_that_died_after_creating_leaves_a_job_that_the_next_finds_at_once",
        ),
    ),
    Mutation(
        "another's intent is taken over while it holds",
        f"{_ATTUNE}/services/start.py",
        "if run.value.intent_until is not None and now < run.value.intent_until:",
        "if run.value.intent_until is None:",
        (
            f"{_LAUNCH}::test_a_launcher_that_died_before_creating_is_followed_by_one_who_waits_looks_and_creates",
            f"{_LAUNCH}::test_a_create_that_never_reached_the_service_is_asked_again_only_when_the_intent_has_run_out",
        ),
    ),
    Mutation(
        "a job is created however little is left of the intent",
        f"{_ATTUNE}/services/start.py",
        "if until is None or self.clock() + self.answer > until:",
        "if until is None:",
        (f"{_LAUNCH}::test_a_launcher_with_too_little_of_its_intent_left_does_not_create",),
    ),
    Mutation(
        "a run is opened before its messages are in the outbox",
        f"{_ATTUNE}/services/open_run.py",
        "run.number), run), *announced)",
        "run.number), run))\n        documents.commit(*announced)",
        ("tests/service/test_protection.py",),
    ),
    Mutation(
        "a run is moved before what is told of it is in the outbox",
        f"{_ATTUNE}/services/ending.py",
        "documents.commit(Replace(read, after), *also, *announced)",
        "documents.commit(Replace(read, after), *also)\n    documents.commit(*announced)",
        ("tests/service/test_protection.py",),
    ),
    Mutation(
        "a message leaves the outbox before it is sent",
        f"{_ATTUNE}/services/outbox.py",
        "        post.publish(message)\n        documents.commit(Delete(of_outbox.outbox(message.id)))",
        "        documents.commit(Delete(of_outbox.outbox(message.id)))\n        post.publish(message)",
        (
            "tests/service/test_watch.py::test_what_a_crash_left_in_the_outbox_is_sent_with_its_id",
            "tests/service/test_watch.py::test_what_was_sent_by_one_who_died_before_he_noted_it_is_sent_again_with_the_same_id",
        ),
    ),
    Mutation(
        "a run is opened on the first count alone",
        f"{_ATTUNE}/services/open_run.py",
        "that run has cut.\n    if documents.count(of_pairs.new_pairs(dataset), up_to=pairs) < pairs:",
        "that run has cut.\n    if pairs < 0:",
        ("tests/service/test_protection.py",),
    ),
    Mutation(
        "the alias is moved from whatever it stands for by now",
        f"{_ATTUNE}/services/promote.py",
        "write: Write = Replace(alias, after) if alias else Create(of_aliases.alias(name), after)",
        "now_there = self._alias(read.value)\n"
        "        write: Write = Replace(now_there, after) if now_there else Create(of_aliases.alias(name), after)",
        (
            "tests/service/test_promotion.py::test_an_alias_that_moves_on_at_the_same_moment_is_not_written_over",
            "tests/service/test_promotion.py::test_an_alias_that_moves_at_the_same_moment_is_looked_at_again",
        ),
    ),
    Mutation(
        "an older run takes the alias from a newer one",
        f"{_ATTUNE}/services/promote.py",
        "        if alias is not None and not alias.value.lets_in(served):",
        "        if alias is None and served is None:",
        ("tests/service/test_promotion.py::test_a_run_that_ends_after_a_newer_one_is_rejected",),
    ),
    Mutation(
        "who has lost the lease writes on",
        f"{_ATTUNE}/services/lease.py",
        "version, *others = self.documents.commit(Replace(self.read, lease), *writes)",
        "fresh = self.documents.get(self.read.key) or self.read\n"
        "            version, *others = self.documents.commit(Replace(fresh, lease), *writes)",
        ("tests/service/test_lease.py",),
    ),
    Mutation(
        "a lease that another holds is taken",
        f"{_ATTUNE}/services/lease.py",
        "if found is not None and found.value.owner != _NOBODY and found.value.until > clock():",
        "if found is not None and found.value.owner == wanted.owner and found.value.until > clock():",
        (f"{_LAUNCH}::test_while_somebody_else_holds_the_lease_there_is_nothing_to_do",),
    ),
)
"""Each of them must be seen by at least one of its tests."""
