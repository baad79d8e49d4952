"""The shop: carts reserve goods in the stock, and lose what is not bought in
time."""

from statefun import LongType, ValueSpec, kafka_egress_message, message_builder

from messages import Rejected, json_type, on, reply, send

CART = "shop/cart"  # its id is the shopper
STOCK = "shop/stock"  # its id is the item
EGRESS = "shop/records"

ADD = json_type("shop/Add")
REMOVE = json_type("shop/Remove")
CHECKOUT = json_type("shop/Checkout")
RESTOCK = json_type("shop/Restock")
RESERVE = json_type("shop/Reserve")
RESERVED = json_type("shop/Reserved")
REFUSED = json_type("shop/Refused")
EXPIRE = json_type("shop/Expire")
CONTENTS = json_type("shop/Contents")
RECEIPT = json_type("shop/Receipt")


# A cart.


def add(context, m):
    if not m.get("item") or m.get("quantity", 0) < 1:
        raise Rejected("name an item and a quantity of at least 1")
    send(context, STOCK, m["item"], RESERVE, {"quantity": m["quantity"]})


def reserved(hold):
    """Puts goods into the cart. A delayed message will take them out again; more
    of the same item gives all of it the full time anew."""

    def handle(context, m):
        item, contents = m["item"], basket(context)
        held = find(contents, item)
        if not held:
            held = {"item": item, "quantity": 0}
            contents["held"].append(held)
        contents["reservations"] += 1
        held["quantity"] += m["quantity"]
        held["number"] = contents["reservations"]
        context.storage.basket = contents
        notice(context, f"{item}: {held['quantity']} in the cart")

        context.cancel_delayed_message(token(item))
        expiration = {"item": item, "number": held["number"]}
        message = message_builder(CART, context.address.id, value=expiration, value_type=EXPIRE)
        context.send_after(hold, message, token(item))

    return handle


def refused(context, m):
    notice(context, f"{m['item']}: not enough, {m['left']} left")


def expire(context, m):
    """Compares numbers: a message whose time has come can be on its way already
    when it is cancelled."""
    contents = basket(context)
    held = find(contents, m["item"])
    if held and held["number"] == m["number"]:
        notice(context, f"{m['item']}: the reservation is over")
        give_back(context, contents, held)


def remove(context, m):
    contents = basket(context)
    held = find(contents, m["item"])
    if held:
        context.cancel_delayed_message(token(m["item"]))
        give_back(context, contents, held)


def give_back(context, contents, held):
    send(context, STOCK, held["item"], RESTOCK, {"quantity": held["quantity"]})
    contents["held"].remove(held)
    context.storage.basket = contents


def checkout(context, _):
    contents = basket(context)
    if not contents["held"]:
        notice(context, "the cart is empty")
        return
    contents["receipts"] += 1
    for held in contents["held"]:
        context.cancel_delayed_message(token(held["item"]))
    lines = [{"item": held["item"], "quantity": held["quantity"]} for held in contents["held"]]
    receipt = {"shopper": context.address.id, "number": contents["receipts"], "lines": lines}
    record(context, "receipts", receipt, RECEIPT)
    contents["held"] = []
    context.storage.basket = contents


def basket(context):
    """Reads the state. It is a copy: it counts once it is assigned."""
    return context.storage.basket or {"held": [], "reservations": 0, "receipts": 0}


def find(contents, item):
    return next((held for held in contents["held"] if held["item"] == item), None)


def token(item):
    """Names the expiration of an item. A runtime keeps the tokens of all function
    types together, so it says whose it is."""
    return f"{CART}|{item}"


# The stock.


def restock(context, m):
    context.storage.left = (context.storage.left or 0) + pieces(m)


def reserve(context, m):
    quantity = pieces(m)
    if not context.caller:
        raise Rejected("only a cart can reserve: there is nobody to answer")
    item, left = context.address.id, context.storage.left or 0
    if quantity > left:
        reply(context, REFUSED, {"item": item, "left": left})
        return
    context.storage.left = left - quantity
    reply(context, RESERVED, {"item": item, "quantity": quantity})


def pieces(m):
    if m.get("quantity", 0) < 1:
        raise Rejected("the quantity must be at least 1")
    return m["quantity"]


# Both.


def notice(context, text):
    record(context, "notices", text)


def record(context, topic, value, value_type=None):
    context.send_egress(kafka_egress_message(EGRESS, topic, value, value_type, context.address.id))


def bind(functions, hold):
    functions.register(
        CART,
        on(EGRESS, {
            ADD: add, RESERVED: reserved(hold), REFUSED: refused, EXPIRE: expire, REMOVE: remove, CHECKOUT: checkout,
        }),
        [ValueSpec("basket", CONTENTS)],
    )
    functions.register(STOCK, on(EGRESS, {RESTOCK: restock, RESERVE: reserve}), [ValueSpec("left", LongType)])
