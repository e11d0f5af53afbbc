/** rsyslog: lines over TCP into a disk-assisted queue, over TCP into a file. */
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Load } from '../children/load.ts';
import { lineBytes } from '../lines.ts';
import { Remote } from '../remote.ts';
import { nowMs } from '../time.ts';
import { freePort } from '../world.ts';
import type { Peer, PeerRun, PeerWork, Setting } from './peer.ts';
import { checkFile, sensor } from './sent.ts';
import { Server, versionOf } from './server.ts';

const loadModule = join(import.meta.dirname, '../children/load.js');
const pollMs = 5;
const deadlineMs = 120_000;

interface RsyslogSetting extends Setting {
  /** Parameters of the edge's queue. */
  readonly queue: string;
  /** Parameters of the cloud's file action. */
  readonly file: string;
}

/** One worker keeps the order; the batch is the one of rsyslog's page on high performance. */
const common = 'queue.workerThreads="1" queue.dequeueBatchSize="4096" queue.maxDiskSpace="8g"';

const settings: readonly RsyslogSetting[] = [
  {
    label: 'best',
    said: 'disk-assisted LinkedList queue of 250,000 messages (disk only beyond that), dequeueBatchSize 4096, one worker; omfile flushed after each batch, ioBufferSize 64k (asyncWriting with flushOnTXEnd off, as the manual has it, was no faster, and its last lines waited a second for a flush)',
    lacks:
      'what the edge has in memory (all of it while the link keeps up), and what the kernel at the far end has not yet written',
    lines: 1_000_000,
    queue: `queue.type="LinkedList" queue.size="250000" ${common}`,
    file: 'flushOnTXEnd="on" ioBufferSize="64k"',
  },
  {
    label: 'on disk, not synced',
    said: 'pure Disk queue, syncQueueFiles off; omfile flushed after each batch',
    lacks: 'what the kernel has not yet written',
    lines: 1_000_000,
    queue: `queue.type="Disk" ${common}`,
    file: 'flushOnTXEnd="on" ioBufferSize="64k"',
  },
  {
    label: 'synced',
    said: 'pure Disk queue, syncQueueFiles on, checkpointInterval 1 (without it the queue loses its bookkeeping in a power cut); omfile with sync on. That is two syncs a line',
    lacks:
      'little on the disks, but what is in socket buffers and in the queue of the far end: nobody acknowledges',
    lines: 20_000,
    queue: `queue.type="Disk" queue.syncQueueFiles="on" queue.checkpointInterval="1" ${common}`,
    file: 'sync="on" flushOnTXEnd="on" ioBufferSize="64k"',
  },
];

const template = 'template(name="line" type="string" string="%rawmsg%\\n")';

const edgeConfig = (queue: string, directory: string, port: number, cloudPort: number) => `
global(workDirectory="${directory}")
module(load="imptcp" threads="1")
${template}
ruleset(name="up" queue.filename="edge" ${queue}) {
  action(type="omfwd" target="127.0.0.1" port="${cloudPort}" protocol="tcp" template="line" action.resumeRetryCount="-1")
}
input(type="imptcp" address="127.0.0.1" port="${port}" ruleset="up")
`;

const cloudConfig = (action: string, directory: string, port: number, file: string) => `
global(workDirectory="${directory}")
module(load="imptcp" threads="1")
${template}
ruleset(name="keep" queue.type="FixedArray" queue.size="250000" queue.dequeueBatchSize="4096" queue.workerThreads="1") {
  action(type="omfile" file="${file}" template="line" ${action})
}
input(type="imptcp" address="127.0.0.1" port="${port}" ruleset="keep")
`;

/** When the file has that many bytes, on the clock of `nowMs`. */
async function whenFilled(file: string, bytes: number, servers: readonly Server[]): Promise<number> {
  for (const until = nowMs() + deadlineMs; ; await wait(pollMs)) {
    const found = await stat(file).then(
      ({ size }) => size,
      () => 0,
    );
    if (found >= bytes) return nowMs();
    for (const server of servers) server.check();
    if (nowMs() > until) throw new Error(`rsyslog filed ${found} of ${bytes} bytes within ${deadlineMs} ms`);
  }
}

async function run(setting: RsyslogSetting, work: PeerWork): Promise<PeerRun> {
  const { directory, lines, countSyncs } = work;
  const file = join(directory, 'lines');
  const [port, cloudPort] = [await freePort(), await freePort()];
  const start = async (name: string, config: string, ownPort: number) => {
    const path = join(directory, `${name}.conf`);
    await writeFile(path, config);
    const args = ['-n', '-iNONE', '-f', path];
    const server = new Server({ name: `rsyslog-${name}`, command: 'rsyslogd', args, directory, countSyncs });
    await server.ready(ownPort).catch(async (error) => {
      await server.stop();
      throw error;
    });
    return server;
  };
  const cloud = await start('cloud', cloudConfig(setting.file, directory, cloudPort, file), cloudPort);
  const servers = [cloud];
  const load = new Remote<Load>(loadModule);
  try {
    const edge = await start('edge', edgeConfig(setting.queue, directory, port, cloudPort), port);
    servers.push(edge);
    await load.ask('prepare', { sensor, count: lines });
    const sent = load.ask('blast', { port }, deadlineMs);
    const filled = whenFilled(file, lines * lineBytes, servers);
    const [{ startedAtMs }, filledAtMs] = await Promise.all([sent, filled]);
    const [edgeFacts, cloudFacts] = [edge.facts(), cloud.facts()];
    await checkFile(file, lines);
    return {
      seconds: (filledAtMs - startedAtMs) / 1_000,
      edge: { ...edgeFacts, syncs: await edge.stop() },
      cloud: { ...cloudFacts, syncs: await cloud.stop() },
    };
  } finally {
    await load.close();
    for (const server of servers) await server.stop();
  }
}

export const rsyslog: Peer<RsyslogSetting> = {
  name: 'rsyslog',
  package: 'rsyslog',
  wiring: 'imptcp, a queue, omfwd over TCP; at the far end imptcp, a queue in memory, omfile into one file',
  remarks: [
    'No acknowledgement, neither to the client nor from the far end to the edge: what is in the socket buffers when the link breaks is lost (RELP would notice, in a package of its own).',
    'Lines are not validated, numbered or recognised when they come twice; at the far end the queue is in memory in every setting.',
  ],
  settings,
  version: () => versionOf('rsyslogd', '-v'),
  run,
};
