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

export async function emulate(options: EmulateOptions): Promise<number> {
  const { host, port, uid, secret, type } = options;
  const text = stringify({
    fogrun: 1,
    pipeline: 'emulator',
    // Who starts it by hand wants to know at once that it cannot listen.
    actors: {
      bricks: {
        kind: 'tinkerforge-emulator',
        host,
        port,
        secret,
        devices: [{ uid, type }],
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
  return runPlan(plan, options);
}
