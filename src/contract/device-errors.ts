/** The part of the table of errors that is about devices; the whole of it stands in errors.ts. */
import type { ErrorCodeEntry } from './errors.ts';

const failed = 1;
const wrongInput = 2;

export const deviceErrors = {
  'device-unreachable': {
    meaning: 'The brick daemon cannot be reached.',
    advice: 'Start it, or check TINKERFORGE_HOST and TINKERFORGE_PORT.',
    exit: failed,
  },
  'device-foreign': {
    meaning: 'What answers on the address is not a brick daemon.',
    advice: 'Check host and port.',
    exit: failed,
  },
  'device-unknown': {
    meaning: 'The brick daemon has no device with that UID.',
    advice: 'Choose one of the devices listed; `fogrun devices HOST` shows them.',
    exit: failed,
  },
  'device-ambiguous': {
    meaning: 'More than one device of the wanted type is there.',
    advice: 'Name one by its UID.',
    exit: failed,
  },
  'device-type': {
    meaning: 'The device with that UID is of another type.',
    advice: 'Choose a device of the wanted type; `fogrun devices HOST` shows them.',
    exit: failed,
  },
  'device-uid': {
    meaning: 'The text is not a TinkerForge UID.',
    advice: 'A UID is base58: digits and letters without 0, I, O and l.',
    exit: wrongInput,
  },
  'device-secret': {
    meaning: 'The brick daemon did not accept the secret.',
    advice: "Check TINKERFORGE_SECRET against the daemon's configuration.",
    exit: failed,
  },
  'device-secret-missing': {
    meaning: 'The brick daemon answers nothing: it may want a secret.',
    advice: 'Set TINKERFORGE_SECRET, or check the UID.',
    exit: failed,
  },
  'device-silent': {
    meaning: 'The device did not answer within its deadline.',
    advice: 'Check cable and power; the poller tries again by itself.',
    exit: failed,
  },
  'device-no-value': {
    meaning: 'The device answers but has nothing to measure yet, such as a receiver without a fix.',
    advice: 'Wait; an antenna needs a free view of the sky, and minutes after it was switched on.',
    exit: failed,
  },
  'device-implausible': {
    meaning: 'The device said a value outside the plausible range; it is kept but marked.',
    advice: 'Check the sensor, or widen `plausible` in the pipeline.',
    exit: failed,
  },
  'device-error': {
    meaning: 'The device answered with an error.',
    advice: 'Check the type and firmware of the device.',
    exit: failed,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
