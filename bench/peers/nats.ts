/** nats-server: JetStream at the edge, mirrored over a leaf node into JetStream in the cloud. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { NatsLoad } from '../children/nats-load.ts';
import { Remote } from '../remote.ts';
import { nowMs } from '../time.ts';
import { freePort } from '../world.ts';
import { NatsClient } from './nats-client.ts';
import type { Peer, PeerRun, PeerWork, Setting } from './peer.ts';
import { Arrived, sensor } from './sent.ts';
import { Server, versionOf } from './server.ts';

const loadModule = join(import.meta.dirname, '../children/nats-load.js');
const deadlineMs = 120_000;
const pollMs = 5;
const subject = 'readings';
/** What nats.go allows by default (`PublishAsyncMaxPending`). */
const underWayMax = 4_000;
/** Messages of one pull when the far end is read back. */
const pullMessages = 10_000;

interface NatsSetting extends Setting {
  /** A line of the `jetstream` block. */
  readonly config: string;
}

const settings: readonly NatsSetting[] = [
  {
    label: 'best',
    said: 'JetStream file store with the default sync interval, 4,000 publishes under way',
    lacks: 'what the kernel has not yet written, up to minutes of acknowledged messages on both sides',
    lines: 1_000_000,
    config: '',
  },
  {
    label: 'synced',
    said: 'the same with sync_interval: always',
    lacks: 'nothing that was acknowledged at the edge',
    lines: 50_000,
    config: 'sync_interval: always',
  },
];

const streamBase = { storage: 'file', retention: 'limits', num_replicas: 1 };
const mirrored = { name: 'EDGE', external: { api: '$JS.edge.API', deliver: '' } };

const serverConfig = (name: string, setting: NatsSetting, directory: string, port: number, leaf: string) => `
listen: 127.0.0.1:${port}
server_name: ${name}
jetstream { store_dir: "${directory}", domain: ${name}, max_file_store: 8GB, ${setting.config} }
leafnodes { ${leaf} }
`;

/** Pulls everything from the stream and compares it with what was sent. */
async function checkStream(client: NatsClient, stream: string, lines: number): Promise<void> {
  const config = { durable_name: 'check', ack_policy: 'none', deliver_policy: 'all' };
  const { name } = await client.ask(`$JS.API.CONSUMER.DURABLE.CREATE.${stream}.check`, {
    stream_name: stream,
    config,
  });
  const arrived = new Arrived();
  const newline = Buffer.from('\n');
  const all = Promise.withResolvers<void>();
  let [pulled, got] = [0, 0];
  const pull = () => {
    const batch = Math.min(pullMessages, lines - pulled);
    pulled += batch;
    client.request(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, { batch });
  };
  client.onMessage = ({ status, payload }) => {
    if (status !== null && payload.length === 0) {
      return all.reject(new Error(`the stream ended with status ${status} after ${got} messages`));
    }
    arrived.take(payload);
    arrived.take(newline);
    got += 1;
    if (got === lines) all.resolve();
    else if (got === pulled) pull();
  };
  pull();
  const late = setTimeout(() => all.reject(new Error(`${got} of ${lines} messages were read`)), deadlineMs);
  await Promise.race([all.promise, client.failed.promise]).finally(() => clearTimeout(late));
  arrived.end(lines);
}

/** When the stream holds that many messages. */
async function whenStored(client: NatsClient, stream: string, lines: number): Promise<number> {
  for (const until = nowMs() + deadlineMs; ; await wait(pollMs)) {
    const { state } = await client.ask(`$JS.API.STREAM.INFO.${stream}`, {});
    if (state.messages >= lines) return nowMs();
    if (nowMs() > until) throw new Error(`${stream} has ${state.messages} of ${lines} messages`);
  }
}

async function run(setting: NatsSetting, work: PeerWork): Promise<PeerRun> {
  const { directory, lines, countSyncs } = work;
  const servers: Server[] = [];
  const clients: NatsClient[] = [];
  const start = async (name: string, port: number, leaf: string) => {
    const store = join(directory, name);
    await mkdir(store);
    const path = join(directory, `${name}.conf`);
    await writeFile(path, serverConfig(name, setting, store, port, leaf));
    const server = new Server({
      name: `nats-${name}`,
      command: 'nats-server',
      args: ['-c', path],
      directory,
      countSyncs,
    });
    servers.push(server);
    await server.ready(port);
    const client = await NatsClient.connect(port);
    clients.push(client);
    return { server, client };
  };
  const load = new Remote<NatsLoad>(loadModule);
  try {
    const [port, cloudPort, leafPort] = [await freePort(), await freePort(), await freePort()];
    const cloud = await start('cloud', cloudPort, `listen: 127.0.0.1:${leafPort}`);
    const edge = await start('edge', port, `remotes: [ { url: "nats-leaf://127.0.0.1:${leafPort}" } ]`);
    const stream = { ...streamBase, name: 'EDGE', subjects: [subject] };
    await edge.client.askUntilAnswered('$JS.API.STREAM.CREATE.EDGE', stream);
    // The cloud hears of the edge's stream as soon as the leaf node is connected.
    await cloud.client.askUntilAnswered('$JS.edge.API.STREAM.INFO.EDGE', {});
    const mirror = { ...streamBase, name: 'CLOUD', mirror: mirrored };
    await cloud.client.ask('$JS.API.STREAM.CREATE.CLOUD', mirror);
    await load.ask('prepare', { sensor, count: lines, subject });
    const sent = load.ask('publish', { port, underWayMax }, deadlineMs);
    const stored = whenStored(cloud.client, 'CLOUD', lines);
    const [{ startedAtMs }, storedAtMs] = await Promise.all([sent, stored]);
    const [edgeFacts, cloudFacts] = [edge.server.facts(), cloud.server.facts()];
    await checkStream(cloud.client, 'CLOUD', lines);
    for (const client of clients) await client.close();
    return {
      seconds: (storedAtMs - startedAtMs) / 1_000,
      edge: { ...edgeFacts, syncs: await edge.server.stop() },
      cloud: { ...cloudFacts, syncs: await cloud.server.stop() },
    };
  } finally {
    await load.close();
    for (const client of clients) await client.close();
    for (const server of servers) await server.stop();
  }
}

/** Asks the server itself whether it knows the setting: `sync_interval` came with 2.10. */
function impossible({ config }: NatsSetting): string | null {
  if (config === '') return null;
  const directory = mkdtempSync(join(tmpdir(), 'fogrun-bench-'));
  try {
    const path = join(directory, 'try.conf');
    writeFileSync(path, `jetstream { store_dir: "${directory}", ${config} }\n`);
    const { status, stdout, stderr } = spawnSync('nats-server', ['-t', '-c', path], { encoding: 'utf8' });
    if (status === 0) return null;
    return /unknown field "\w+"/.test(`${stdout}${stderr}`)
      ? 'this version has no setting for it (sync_interval came with 2.10)'
      : `nats-server refuses the configuration: ${`${stdout}${stderr}`.trim()}`;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export const nats: Peer<NatsSetting> = {
  name: 'nats',
  package: 'nats-server',
  wiring:
    'one JetStream message a line, published with acknowledgement to a file stream in an edge server that is a leaf node; the cloud server mirrors that stream into a file stream of its own',
  remarks: [
    'Acknowledgements come from the edge only; the mirror follows. Nothing is deleted at the edge, which is less work: a work-queue stream would delete, but its mirror can lose messages while the link is down (nats-server issue 4109).',
    'Every line is a message with a number and an acknowledgement of its own. Message ids, by which a stream recognises a resend for some minutes, are not used.',
  ],
  settings,
  version: () => versionOf('nats-server', '-v'),
  impossible,
  run,
};
