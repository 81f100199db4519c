// Starts a script of this folder with the action's inputs as variables, and ends as it ends.
'use strict';

const { spawn } = require('node:child_process');
const path = require('node:path');

// GitHub gives an input as INPUT_NAME with its dashes, which no shell can read.
const INPUTS = ['file', 'id', 'ttl', 'mode', 'on', 'provider', 'on-failure', 'down', 'kubeconfig', 'berth', 'arguments'];

module.exports = function start(script) {
  const env = { ...process.env };
  for (const input of INPUTS) {
    env[`BERTH_INPUT_${input.toUpperCase().replaceAll('-', '_')}`] = process.env[`INPUT_${input.toUpperCase()}`] ?? '';
  }
  const child = spawn('sh', [path.join(__dirname, script)], { env, stdio: 'inherit' });
  // A job that is cancelled gives ten seconds: berth uses them to mark what it has made.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
};
