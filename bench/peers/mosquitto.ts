/** mosquitto: MQTT QoS 1 to a broker at the edge, a bridge with QoS 1 to one in the cloud, and from there into a file. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MqttArchive } from '../children/mqtt-archive.ts';
import type { MqttLoad } from '../children/mqtt-load.ts';
import { processFacts } from '../measure.ts';
import { Remote } from '../remote.ts';
import { freePort } from '../world.ts';
import type { Peer, PeerRun, PeerWork, Setting } from './peer.ts';
import { checkFile, sensor } from './sent.ts';
import { Server, versionOf } from './server.ts';

const loadModule = join(import.meta.dirname, '../children/mqtt-load.js');
const archiveModule = join(import.meta.dirname, '../children/mqtt-archive.js');
const deadlineMs = 120_000;
const topic = 'readings';
/** Messages of the load that wait for their acknowledgement; more made no difference. */
const underWayMax = 10_000;

interface MosquittoSetting extends Setting {
  /** Lines of both brokers' configuration. */
  readonly config: string;
  /** Whether the archive syncs before it acknowledges. */
  readonly sync: boolean;
}

/** Without bounds nothing is dropped; with the default, 1,000 messages, a bridge loses what it cannot send at once. */
const common = `persistence true
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
`;

const settings: readonly MosquittoSetting[] = [
  {
    label: 'best',
    said: 'persistence true, autosave_interval 1800 (the default), max_inflight_messages 0, max_queued_messages 0, set_tcp_nodelay true; the archive does not sync',
    lacks:
      'everything of the last half hour: brokers keep messages in memory and save a picture of it now and then',
    lines: 500_000,
    config: `${common}autosave_interval 1800\n`,
    sync: false,
  },
  {
    label: 'synced',
    said: 'the same with autosave_interval 1 (second); the archive calls fdatasync before it acknowledges',
    lacks: 'the last second or two at the edge: a broker acknowledges before it saves',
    lines: 500_000,
    config: `${common}autosave_interval 1\n`,
    sync: true,
  },
];

const brokerConfig = (config: string, directory: string, port: number) => `
listener ${port} 127.0.0.1
allow_anonymous true
user root
log_type error
persistence_location ${directory}/
${config}`;

const bridgeConfig = (cloudPort: number) => `
connection up
address 127.0.0.1:${cloudPort}
topic ${topic} out 1
cleansession false
notifications false
bridge_protocol_version mqttv311
restart_timeout 1
`;

async function run(setting: MosquittoSetting, work: PeerWork): Promise<PeerRun> {
  const { directory, lines, countSyncs } = work;
  const file = join(directory, 'lines');
  const servers: Server[] = [];
  const start = async (name: string, port: number, more = '') => {
    const path = join(directory, `${name}.conf`);
    const persistence = join(directory, name);
    await mkdir(persistence);
    await writeFile(path, brokerConfig(setting.config, persistence, port) + more);
    const args = ['-c', path];
    const server = new Server({
      name: `mosquitto-${name}`,
      command: 'mosquitto',
      args,
      directory,
      countSyncs,
    });
    servers.push(server);
    await server.ready(port);
    return server;
  };
  const load = new Remote<MqttLoad>(loadModule);
  const archive = new Remote<MqttArchive>(archiveModule);
  try {
    const [port, cloudPort] = [await freePort(), await freePort()];
    const cloud = await start('cloud', cloudPort);
    await archive.ask('open', { port: cloudPort, topic, file, sync: setting.sync, count: lines });
    const edge = await start('edge', port, bridgeConfig(cloudPort));
    await load.ask('prepare', { sensor, count: lines, topic });
    const finished = archive.ask('finished', null, deadlineMs);
    const sent = load.ask('publish', { port, underWayMax }, deadlineMs);
    const [{ startedAtMs }, { finishedAtMs, syncs: archiveSyncs }] = await Promise.all([sent, finished]);
    const [edgeFacts, cloudFacts, own] = [edge.facts(), cloud.facts(), processFacts(archive.pid)];
    await checkFile(file, lines);
    return {
      seconds: (finishedAtMs - startedAtMs) / 1_000,
      edge: { ...edgeFacts, syncs: await edge.stop() },
      cloud: {
        cpuSeconds: cloudFacts.cpuSeconds + own.cpuSeconds,
        rssPeakMb: cloudFacts.rssPeakMb + own.rssPeakMb,
        syncs: (await cloud.stop()) + archiveSyncs,
      },
    };
  } finally {
    await load.close();
    await archive.close();
    for (const server of servers) await server.stop();
  }
}

export const mosquitto: Peer<MosquittoSetting> = {
  name: 'mosquitto',
  package: 'mosquitto',
  wiring:
    'one message a line with QoS 1, a bridge with QoS 1, and at the far end a small archive of our own with a lasting session that writes and then acknowledges (a broker has no files of readings)',
  remarks: [
    'Acknowledgements go hop by hop, each before a disk has it; the load hears from the edge only. Queues are in memory, so a long outage needs as much of it.',
    'Every line is a message with a topic, an id and an acknowledgement of its own: finer than lines, and dearer.',
  ],
  settings,
  version: () => versionOf('mosquitto', '-h'),
  run,
};
