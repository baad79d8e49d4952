// What the functions share: one handler for each type of message, and a place
// for messages that no attempt can cure.
'use strict';

const {StateFun, kafkaEgressMessage} = require('apache-flink-statefun');

// Rejected says that no other attempt would help.
class Rejected extends Error {}

// DeadLetter gives the text that our own SDK writes.
const DeadLetter = StateFun.jsonType('io.statefun.go/DeadLetter');

// on makes a function of [type, handler] pairs. A message that is rejected goes
// to the topic rejected of an egress. Handlers reject before their first effect,
// because there is nothing to take one back with.
//
// The SDK answers 500 without a word when a function throws, so it is said here.
function on(egress, ...handlers) {
  return (context, message) => {
    try {
      const [type, handle] = handlers.find(([type]) => message.is(type)) ?? [];
      if (!type) {
        throw new Rejected(`no handler takes ${message.valueTypeName}`);
      }
      handle(context, message.as(type));
    } catch (e) {
      console.error(context.self, message.valueTypeName, e);
      if (!(e instanceof Rejected)) {
        throw e;
      }
      context.send(kafkaEgressMessage({
        typename: egress, topic: 'rejected', key: context.self.id,
        value: letter(context, message, e.message), valueType: DeadLetter,
      }));
    }
  };
}

function letter({self, caller}, message, reason) {
  return {
    target: address(self),
    ...(caller && {caller: address(caller)}),
    typename: message.valueTypeName,
    value: message.rawValueBytes.toString('base64'),
    reason,
  };
}

function address({typename, id}) {
  return {type: typename, id};
}

module.exports = {Rejected, on};
