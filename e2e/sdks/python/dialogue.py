"""The dialogue: an asker asks many echoes, which answer whoever asked, and counts
down by messages to itself."""

from statefun import LongType, ValueSpec, kafka_egress_message

from messages import json_type, on, reply, send

ASKER = "dialogue/asker"
ECHO = "dialogue/echo"
EGRESS = "dialogue/out"

ASK = json_type("dialogue/Ask")
COUNTDOWN = json_type("dialogue/Countdown")


def begin(context, ask):
    for i in range(ask["echoes"]):
        send(context, ECHO, str(i), LongType, ask["echoes"])
    send_self(context, ask["count"])


def answer(context, _):
    """Replies with how often this echo was asked."""
    reply(context, LongType, increase_replies(context))


def count(context, _):
    """Counts an answer, and reports each hundredth."""
    if not context.caller or context.caller.typename != ECHO:
        raise ValueError(f"an answer came from {context.caller}")
    replies = increase_replies(context)
    if replies % 100 == 0:
        heard(context, context.address.id, f"{replies} answers")


def increase_replies(context):
    context.storage.replies = (context.storage.replies or 0) + 1
    return context.storage.replies


def down(context, countdown):
    if context.caller != context.address:
        raise ValueError(f"a message to itself came from {context.caller}")
    rounds = context.storage.rounds or 0
    if countdown["left"] == 0:
        heard(context, f"{context.address.id} itself", f"{rounds} rounds")
        return
    context.storage.rounds = rounds + 1
    send_self(context, countdown["left"] - 1)


def send_self(context, left):
    send(context, context.address.typename, context.address.id, COUNTDOWN, {"left": left})


def heard(context, key, text):
    context.send_egress(kafka_egress_message(EGRESS, "heard", text, key=key))


def bind(functions):
    functions.register(
        ASKER,
        on(EGRESS, {ASK: begin, LongType: count, COUNTDOWN: down}),
        [ValueSpec("replies", LongType), ValueSpec("rounds", LongType)],
    )
    functions.register(ECHO, on(EGRESS, {LongType: answer}), [ValueSpec("replies", LongType)])
