// The functions of scenarios 1 to 3, with the official SDK for JavaScript:
//
//     node main.js <port> <milliseconds that the shop keeps goods for a cart>
//
// It ends when its standard input does: then its parent is gone.
'use strict';

const http = require('http');
const {StateFun} = require('apache-flink-statefun');

const [port, hold] = process.argv.slice(2).map(Number);
const functions = new StateFun();
for (const application of [require('./greeter'), require('./shop')(hold), require('./dialogue')]) {
  application.forEach((f) => functions.bind(f));
}

http.createServer(functions.handler()).listen(port, '127.0.0.1');
process.stdin.on('end', () => process.exit()).resume();
