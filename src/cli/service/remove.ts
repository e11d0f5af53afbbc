/** `fogrun service remove`: stops it, forgets it, and leaves every reading where it is. */
import { unlink } from 'node:fs/promises';
import { FogrunError } from '../../contract/errors.ts';
import { quoteList } from '../../domain/text.ts';
import type { ServiceOptions } from './install.ts';
import { chosenServices, installedServices, settingOf } from './installed.ts';
import { assertSystemd, systemctl } from './systemctl.ts';

/** Longer than TimeoutStopSec. */
const stopWaitMs = 60_000;

export async function remove(files: readonly string[], options: ServiceOptions): Promise<number> {
  const { user, name, variables, say, dryRun } = options;
  const found = chosenServices(await installedServices(user, variables), { name, files });
  const [service, ...more] = found;
  if (!service)
    throw new FogrunError(
      'service-unknown',
      `fogrun installed no service ${user ? 'of yours' : 'of the system'}`,
    );
  if (more.length > 0) {
    const names = quoteList(found.map((each) => each.name));
    throw new FogrunError('service-unknown', `several services could be meant: ${names}`);
  }
  const state = settingOf(service.text, 'WorkingDirectory');
  const environment = settingOf(service.text, 'EnvironmentFile')?.replace(/^-/, '');
  const kept = [`kept: the state in ${state}`, `kept: the variables in ${environment}`];
  if (dryRun) {
    say([`would stop and disable ${service.unit}`, `would delete ${service.path}`, ...kept].join('\n'));
    return 0;
  }
  await assertSystemd(user, variables);
  if (!user && process.getuid?.() !== 0) {
    throw new FogrunError(
      'service-denied',
      `${service.path} cannot be removed by ${variables.USER || 'this user'}`,
    );
  }
  const system = systemctl(user);
  await system.demand(['disable', '--now', service.unit], { timeoutMs: stopWaitMs });
  await unlink(service.path);
  await system.demand(['daemon-reload']);
  await system.run(['reset-failed', service.unit]);
  say([`${service.unit} is stopped and removed`, ...kept].join('\n'));
  return 0;
}
