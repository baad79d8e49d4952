"""The greeter: it counts how often it has greeted each person."""

from statefun import LongType, ValueSpec, kafka_egress_message

from messages import Rejected, json_type, on

GREET_REQUEST = json_type("example/GreetRequest")
EGRESS = "example/greets"


def greet(context, request):
    name = request.get("name")
    if not name:
        raise Rejected("a greeting needs a name")
    seen = (context.storage.seen or 0) + 1
    context.storage.seen = seen
    context.send_egress(kafka_egress_message(EGRESS, "greetings", f"Hello {name}, visit {seen}", key=name))


def bind(functions):
    functions.register("example/greeter", on(EGRESS, {GREET_REQUEST: greet}), [ValueSpec("seen", LongType)])
