// The greeter: it counts how often it has greeted each person.
'use strict';

const {StateFun, kafkaEgressMessage} = require('apache-flink-statefun');
const {Rejected, on} = require('./messages');

const GreetRequest = StateFun.jsonType('example/GreetRequest');
const egress = 'example/greets';

function greet(context, {name}) {
  if (!name) {
    throw new Rejected('a greeting needs a name');
  }
  context.storage.seen += 1; // null + 1 is 1
  context.send(kafkaEgressMessage({
    typename: egress, topic: 'greetings', key: name,
    value: `Hello ${name}, visit ${context.storage.seen}`,
  }));
}

module.exports = [
  {
    typename: 'example/greeter',
    specs: [{name: 'seen', type: StateFun.intType()}],
    fn: on(egress, [GreetRequest, greet]),
  },
];
