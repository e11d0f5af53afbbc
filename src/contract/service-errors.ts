/** The part of the table of errors that `fogrun service` needs; see errors.ts. */
import type { ErrorCodeEntry } from './errors.ts';

export const serviceErrors = {
  'service-unsupported': {
    meaning: 'There is no systemd here, or it cannot be reached.',
    advice:
      '`--dry-run` prints the unit; run it on the machine that is meant, or start fogrun by another supervisor.',
    exit: 1,
  },
  'service-denied': {
    meaning: 'Services of the system are changed by root only.',
    advice: 'Run it with `sudo`, or with `--user` for a service of your own.',
    exit: 1,
  },
  'service-unknown': {
    meaning: 'No service of that name was installed by fogrun, or more than one could be meant.',
    advice: '`fogrun service status` lists them; name one with `--name NAME`.',
    exit: 2,
  },
  'service-failed': {
    meaning: 'systemd did not do what it was asked for.',
    advice: 'Read its own words above, and `journalctl -u` with the name of the unit.',
    exit: 1,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
