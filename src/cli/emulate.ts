/** `fogrun emulate`: the emulator alone, as a pipeline of one actor. */
import { stringify } from 'yaml';
import { kinds } from '../../machines/index.ts';
import { FogrunError } from '../contract/errors.ts';
import { checkPipeline } from '../pipeline/check.ts';
import type { LogChoice } from './process.ts';
import { runPlan } from './run.ts';

export interface EmulateOptions extends LogChoice {
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly uid?: string | undefined;
  readonly secret?: string | undefined;
  readonly type?: string | undefined;
}

const usualPort = '4223';

/** One that tells what it is; a barometer keeps the one that the shipped pipelines know. */
function uidOf(type: string | undefined): string | undefined {
  if (type === undefined || type.startsWith('barometer')) return undefined;
  // An ambient light has the a already.
  return `${type.startsWith('air') ? 'q' : type[0]}Ar`;
}

export async function emulate(options: EmulateOptions): Promise<number> {
  const { host, port, uid, secret, type } = options;
  const text = stringify({
    fogrun: 1,
    // Several may run beside each other.
    pipeline: port === undefined || port === usualPort ? 'emulator' : `emulator-${port.slice(0, 5)}`,
    // Who starts it by hand wants to know at once that it cannot listen.
    actors: {
      bricks: {
        kind: 'tinkerforge-emulator',
        host,
        port,
        secret,
        devices: [{ uid: uid ?? uidOf(type), type }],
        'bind-attempts': 1,
      },
    },
  });
  const { plan, problems } = checkPipeline(
    { file: 'arguments', text },
    { kinds, variables: {}, cwd: process.cwd() },
  );
  if (!plan) {
    const wrong = problems.map(({ path, message }) => `--${path.split('.').at(-1)}: ${message}`);
    throw new FogrunError('usage', wrong.join('\n'));
  }
  // On any free port it has no name that others could know it by.
  return runPlan(plan, { ...options, control: port !== '0', isFile: false });
}
