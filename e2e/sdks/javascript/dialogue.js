// The dialogue: an asker asks many echoes, which answer whoever asked, and counts
// down by messages to itself.
'use strict';

const {StateFun, kafkaEgressMessage, messageBuilder} = require('apache-flink-statefun');
const {on} = require('./messages');

const asker = 'dialogue/asker';
const echo = 'dialogue/echo';
const egress = 'dialogue/out';

const Ask = StateFun.jsonType('dialogue/Ask');
const Countdown = StateFun.jsonType('dialogue/Countdown');
const Int = StateFun.intType();

function begin(context, {echoes, count}) {
  for (let i = 0; i < echoes; i++) {
    context.send(messageBuilder({typename: echo, id: `${i}`, value: echoes})); // a number goes as an int
  }
  context.send(toSelf(context, count));
}

// answer replies with how often this echo was asked.
function answer(context) {
  const {storage, caller} = context;
  storage.replies += 1;
  context.send(messageBuilder({typename: caller.typename, id: caller.id, value: storage.replies}));
}

// count counts an answer, and reports each hundredth.
function count(context) {
  const {storage, caller, self} = context;
  if (caller?.typename !== echo) {
    throw new Error(`an answer came from ${caller?.typename}`);
  }
  storage.replies += 1;
  if (storage.replies % 100 === 0) {
    context.send(heard(self.id, `${storage.replies} answers`));
  }
}

function down(context, {left}) {
  const {storage, caller, self} = context;
  if (caller?.typename !== asker || caller.id !== self.id) {
    throw new Error(`a message to itself came from ${caller?.typename}`);
  }
  if (left === 0) {
    context.send(heard(`${self.id} itself`, `${storage.rounds ?? 0} rounds`));
    return;
  }
  storage.rounds += 1;
  context.send(toSelf(context, left - 1));
}

function toSelf({self}, left) {
  return messageBuilder({typename: self.typename, id: self.id, value: {left}, valueType: Countdown});
}

function heard(key, value) {
  return kafkaEgressMessage({typename: egress, topic: 'heard', key, value});
}

module.exports = [
  {
    typename: asker,
    specs: [{name: 'replies', type: Int}, {name: 'rounds', type: Int}],
    fn: on(egress, [Ask, begin], [Int, count], [Countdown, down]),
  },
  {
    typename: echo,
    specs: [{name: 'replies', type: Int}],
    fn: on(egress, [Int, answer]),
  },
];
