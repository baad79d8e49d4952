// The shop: carts reserve goods in the stock, and lose what is not bought in
// time.
'use strict';

const {StateFun, kafkaEgressMessage, messageBuilder} = require('apache-flink-statefun');
const {Rejected, on} = require('./messages');

const cart = 'shop/cart'; // its id is the shopper
const stock = 'shop/stock'; // its id is the item
const egress = 'shop/records';

const [Add, Remove, Checkout, Restock, Reserve, Reserved, Refused, Expire, Contents, Receipt] = [
  'Add', 'Remove', 'Checkout', 'Restock', 'Reserve', 'Reserved', 'Refused', 'Expire', 'Contents', 'Receipt',
].map((name) => StateFun.jsonType(`shop/${name}`));

// A cart.

function add(context, {item, quantity}) {
  if (!item || !(quantity >= 1)) {
    throw new Rejected('name an item and a quantity of at least 1');
  }
  send(context, stock, item, Reserve, {quantity});
}

// reserved puts goods into the cart. A delayed message will take them out again;
// more of the same item gives all of it the full time anew.
function reserved(hold) {
  return (context, {item, quantity}) => {
    const contents = basket(context);
    let held = contents.held.find((h) => h.item === item);
    if (!held) {
      held = {item, quantity: 0};
      contents.held.push(held);
    }
    held.quantity += quantity;
    held.number = ++contents.reservations;
    context.storage.basket = contents;
    notice(context, `${item}: ${held.quantity} in the cart`);

    context.cancelDelayedMessage(token(item));
    const expire = {typename: cart, id: context.self.id, value: {item, number: held.number}, valueType: Expire};
    context.sendAfter(hold, messageBuilder(expire), token(item));
  };
}

function refused(context, {item, left}) {
  notice(context, `${item}: not enough, ${left} left`);
}

// expire compares numbers: a message whose time has come can be on its way
// already when it is cancelled.
function expire(context, {item, number}) {
  const contents = basket(context);
  const held = contents.held.find((h) => h.item === item && h.number === number);
  if (held) {
    notice(context, `${item}: the reservation is over`);
    giveBack(context, contents, held);
  }
}

function remove(context, {item}) {
  const contents = basket(context);
  const held = contents.held.find((h) => h.item === item);
  if (held) {
    context.cancelDelayedMessage(token(item));
    giveBack(context, contents, held);
  }
}

function giveBack(context, contents, held) {
  send(context, stock, held.item, Restock, {quantity: held.quantity});
  contents.held = contents.held.filter((h) => h !== held);
  context.storage.basket = contents;
}

function checkout(context) {
  const contents = basket(context);
  if (contents.held.length === 0) {
    notice(context, 'the cart is empty');
    return;
  }
  contents.held.forEach(({item}) => context.cancelDelayedMessage(token(item)));
  const receipt = {
    shopper: context.self.id,
    number: ++contents.receipts,
    lines: contents.held.map(({item, quantity}) => ({item, quantity})),
  };
  record(context, 'receipts', receipt, Receipt);
  contents.held = [];
  context.storage.basket = contents;
}

// basket reads the state. What it returns is a copy: it counts once it is
// assigned.
function basket(context) {
  return context.storage.basket ?? {held: [], reservations: 0, receipts: 0};
}

// token names the expiration of an item. A runtime keeps the tokens of all
// function types together, so it says whose it is.
function token(item) {
  return `${cart}|${item}`;
}

// The stock.

function restock(context, {quantity}) {
  if (!(quantity >= 1)) {
    throw new Rejected('the quantity must be at least 1');
  }
  context.storage.left += quantity; // null is as good as 0
}

function reserve(context, {quantity}) {
  if (!(quantity >= 1)) {
    throw new Rejected('the quantity must be at least 1');
  }
  const {self: {id: item}, caller} = context;
  if (!caller) {
    throw new Rejected('only a cart can reserve: there is nobody to answer');
  }
  const left = context.storage.left ?? 0;
  if (quantity > left) {
    send(context, caller.typename, caller.id, Refused, {item, left});
    return;
  }
  context.storage.left = left - quantity;
  send(context, caller.typename, caller.id, Reserved, {item, quantity});
}

// Both.

function send(context, typename, id, valueType, value) {
  context.send(messageBuilder({typename, id, value, valueType}));
}

function notice(context, text) {
  record(context, 'notices', text);
}

function record(context, topic, value, valueType) {
  context.send(kafkaEgressMessage({typename: egress, topic, key: context.self.id, value, valueType}));
}

module.exports = (hold) => [
  {
    typename: cart,
    specs: [{name: 'basket', type: Contents}],
    fn: on(egress, [Add, add], [Reserved, reserved(hold)], [Refused, refused], [Expire, expire], [Remove, remove], [Checkout, checkout]),
  },
  {
    typename: stock,
    specs: [{name: 'left', type: StateFun.intType()}],
    fn: on(egress, [Restock, restock], [Reserve, reserve]),
  },
];
