/** The part of the table of errors that is about the console for browsers; the whole of it stands in errors.ts. */
import type { ErrorCodeEntry } from './errors.ts';

const failed = 1;
const wrongInput = 2;

export const consoleErrors = {
  'console-exposed': {
    meaning: 'A console that others can reach lacks a token or TLS.',
    advice:
      'Set a token (FOGRUN_CONSOLE_TOKEN, `console.token`) and keys (FOGRUN_TLS, `console.tls`); or serve it on 127.0.0.1 ' +
      'and reach it through `ssh -L`.',
    exit: wrongInput,
  },
  'console-host': {
    meaning: 'A browser asked the console under a name that is not one of its own.',
    advice: 'Use the address that fogrun printed, or add the name to `console.allow-hosts`.',
    exit: failed,
  },
  'console-origin': {
    meaning: 'A page of another origin asked the console for something.',
    advice: 'Use the page of the console itself; behind a proxy, add its address to `console.origins`.',
    exit: failed,
  },
  'console-key': {
    meaning: 'A change was asked for without the key of this console, or with that of an earlier one.',
    advice:
      'Load the page anew; a program takes the key from `GET /api/hello` for its header `x-fogrun-key`.',
    exit: failed,
  },
  'console-sign-in': {
    meaning: 'The console has a token, and the request did not show it.',
    advice: 'Sign in at `/sign-in`; a program sends the header `Authorization: Bearer` with the token.',
    exit: failed,
  },
  'console-busy': {
    meaning: 'Too many requests at a time, too many pages, or too many wrong tokens.',
    advice: 'Wait a little, or close pages that nobody looks at.',
    exit: failed,
  },
  'console-request': {
    meaning: 'The console does not understand a request.',
    advice: 'docs/console.md describes what can be asked.',
    exit: failed,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
