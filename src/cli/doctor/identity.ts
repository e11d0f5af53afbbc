/** Checks of keys, certificates and plain TCP. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../contract/clock.ts';
import { type ConsoleConfig, consoleHasTls } from '../../contract/console-config.ts';
import { FogrunError } from '../../contract/errors.ts';
import type { Plan } from '../../contract/plan.ts';
import { type ClientTls, plainAlarm, type ServerTls, tlsIsOn } from '../../contract/tls-config.ts';
import type { CertificateFacts } from '../../link/keys/certificate.ts';
import { type Check, type Finding, failure, good, warning } from './finding.ts';

interface Config {
  readonly host?: string;
  readonly port?: number;
  readonly cloud?: { readonly host: string; readonly port: number };
  readonly tls?: ClientTls | ServerTls;
  readonly token?: string;
  readonly tokens?: string;
  readonly insecure?: boolean;
}

export function identityChecks(plans: readonly Plan[], clock: Clock): Check[] {
  return plans.flatMap((plan) => [
    ...plan.actors.flatMap(({ name, config }) => {
      const about = config as Config;
      const who = `${plan.name}/${name}`;
      const plain = plainFinding(who, about);
      return [
        ...(plain ? [{ about: 'identity', run: async () => plain }] : []),
        ...(about.tls && tlsIsOn(about.tls)
          ? [{ about: 'identity', run: () => keysFindings(who, plan, about, clock.now()) }]
          : []),
      ];
    }),
    ...(plan.console && consoleHasTls(plan.console)
      ? [{ about: 'identity', run: () => consoleFindings(plan.name, plan.console!.tls, clock.now()) }]
      : []),
  ]);
}

function plainFinding(who: string, { host, port, cloud, tls, insecure }: Config): Finding | null {
  if (insecure !== true) return null;
  const alarm = cloud
    ? plainAlarm('dials', cloud.host, cloud.port, tls)
    : plainAlarm('listens on', host ?? '', port ?? 0, tls);
  if (alarm === null) return null;
  return warning('identity', `${who}: ${alarm}`, 'Make keys with `fogrun keys init`, and set FOGRUN_TLS.');
}

async function keysFindings(who: string, plan: Plan, config: Config, nowMs: number): Promise<Finding[]> {
  const isEdge = config.cloud !== undefined;
  const facts = () => (isEdge ? edgeFacts(plan, config) : cloudFacts(config));
  const finding = await keysFinding(who, facts, nowMs, isEdge);
  if (finding.grade === 'failure') return [finding];
  const keys = isEdge ? await edgeKeyFiles(plan, config) : await serverKeyFiles(config.tls!);
  return [finding, ...(await exposedFindings(keys))];
}

/** Without it the pipeline runs as well, but nobody sees it. */
async function consoleFindings(pipeline: string, tls: ConsoleConfig['tls'], nowMs: number) {
  const [{ filesOf }, { readPair }] = await Promise.all([
    import('../../console/tls.ts'),
    import('../../link/keys/edge-keys.ts'),
  ]);
  const { cert, key } = filesOf(tls);
  const facts = async () => (await readPair(cert, key)).facts;
  const finding = await keysFinding(`the console of ${pipeline}`, facts, nowMs);
  if (finding.grade === 'failure') return [finding];
  return [finding, ...(await exposedFindings(await serverKeyFiles(tls)))];
}

async function serverKeyFiles({ dir, key }: { readonly dir: string; readonly key: string }) {
  const { names } = await import('../../link/keys/layout.ts');
  return [key || join(dir, names.serverKey), ...(dir === '' ? [] : [join(dir, names.caKey)])];
}

async function edgeKeyFiles(plan: Plan, config: Config): Promise<string[]> {
  const { names } = await import('../../link/keys/layout.ts');
  const own = await edgeOwn(plan, config);
  return own ? [config.tls!.key || join(dirname(own.file), names.deviceKey)] : [];
}

/** Such as after a copy that did not keep modes. */
async function exposedFindings(keys: readonly string[]): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const file of keys) {
    const about = await stat(file).catch(() => null);
    if (!about || (about.mode & 0o077) === 0) continue;
    const text = `${file} can be read by others on this machine, or changed`;
    found.push(warning('identity', text, `chmod 600 ${file}`));
  }
  return found;
}

async function keysFinding(
  who: string,
  read: () => Promise<CertificateFacts | null>,
  nowMs: number,
  hasName = false,
): Promise<Finding> {
  const { daysLeft, timeFault, warnDays } = await import('../../link/keys/certificate.ts');
  try {
    const facts = await read();
    if (!facts) return good('identity', `${who} shows a token`);
    const fault = timeFault(facts, `the certificate of ${who}`, nowMs);
    if (fault) return failure('identity', fault.message, fault.advice);
    const left = daysLeft(facts, nowMs);
    const text = `the certificate of ${who}${hasName ? ` is that of ${facts.name} and` : ''} lasts ${left} more days`;
    if (left < warnDays) return warning('identity', text, 'Renew it: `fogrun keys renew`.');
    return good('identity', text);
  } catch (thrown) {
    if (!(thrown instanceof FogrunError)) throw thrown;
    return failure('identity', `${who}: ${thrown.message}`, thrown.advice);
  }
}

async function edgeFacts(plan: Plan, config: Config) {
  const { edgeNameOf } = await import('../../link/keys/edge-keys.ts');
  await edgeNameOf(config.tls as ClientTls, { edge: plan.edge, token: config.token ?? '' });
  return (await edgeOwn(plan, config))?.facts ?? null;
}

async function edgeOwn({ edge }: Plan, { tls, token = '' }: Config) {
  const { readEdgeKeys } = await import('../../link/keys/edge-keys.ts');
  return (await readEdgeKeys(tls as ClientTls, { edge, token })).own;
}

async function cloudFacts({ tls, tokens = '' }: Config) {
  const { readCloudKeys } = await import('../../link/keys/cloud-keys.ts');
  return (await readCloudKeys({ tls: tls as ServerTls, tokens })).server?.facts ?? null;
}
