#!/usr/bin/env node
/** The command `fogrun`. */
import './heap.ts';
import { errorCodes, FogrunError, toProblem } from '../contract/errors.ts';
import { escapeControls } from '../domain/text.ts';
import { readArguments } from './arguments.ts';
import { commandWord } from './itself.ts';
import { assertNodeVersion } from './node-version.ts';
import { assertWritten, mindStdout } from './stdout.ts';

try {
  assertNodeVersion(process.versions.node);
  if (process.env.FOGRUN_PLACED_SOCKET) {
    // Started by a pipeline for the actors that it places in a process of their own.
    const { runPlacedProcess } = await import('./placed-process.ts');
    await runPlacedProcess();
  } else {
    mindStdout();
    const command = readArguments(process.argv.slice(2));
    process.exitCode = await command();
    await assertWritten();
  }
} catch (thrown) {
  const { code, message, advice } = toProblem(thrown);
  const { isJournal } = await import('./process.ts');
  // sd-daemon(3): the journal takes the level from here.
  const mark = isJournal(2) ? '<3>' : '';
  // Mistakes in pipeline files stand in lines of their own, each escaped where it was made.
  const lines = code === 'pipeline-invalid' ? message.split('\n') : [message];
  const [first = '', ...more] = lines.map(escapeControls);
  // With lines for machines on stdout, people still find the reason on stderr.
  const told = [`fogrun: ${first} (${code})`, ...more];
  // In general words this one only repeats that the message is worth reading.
  if (code !== 'control-refused' || advice !== errorCodes[code].advice) {
    // What is advised is typed as it stands.
    told.push(escapeControls(advice.replaceAll('`fogrun ', `\`${commandWord()} `)));
  }
  process.stderr.write(told.map((line) => `${mark}${line}\n`).join(''));
  if (code === 'internal' && thrown instanceof Error) process.stderr.write(`${thrown.stack}\n`);
  process.exitCode = thrown instanceof FogrunError ? thrown.exitCode : 1;
}
