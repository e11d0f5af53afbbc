/** The edge's side of a greeting: what it says, and what it makes of the answer. */
import { type Hello, type HelloStream, linkProtocolVersion, type Welcome } from '../contract/link.ts';
import type { EdgeStore } from '../contract/store.ts';
import type { UploadEnv } from './upload.ts';

/** Tells when this machine's clock and the cloud's cannot both be right. */
export function compareClocks({ trust, clock, report }: UploadEnv, cloudMs: number): void {
  trust.compare(cloudMs);
  const doubt = trust.doubt();
  if (doubt === null) return;
  const [here, there] = [clock.now(), cloudMs].map((ms) => new Date(ms).toISOString());
  report(
    { type: 'note', text: `${doubt} (${here} here, ${there} there): set the one that is wrong` },
    'warn',
  );
}

/** What the edge says first. */
export function hello(store: EdgeStore, cursor: string, env: UploadEnv): Hello {
  const streams: Record<string, HelloStream> = {};
  for (const stream of store.streams()) {
    const head = store.head(cursor, stream);
    streams[stream] = {
      sealed: head.sealed,
      sealedHash: hex(head.sealedHash),
      acknowledged: head.acknowledged,
      acknowledgedHash: hex(head.acknowledgedHash),
    };
  }
  const { cloudEpoch, token } = store.cloud(cursor);
  return {
    protocol: linkProtocolVersion,
    edge: store.edge,
    epoch: store.epoch,
    token,
    cloudEpoch,
    streams,
    agent: env.agent,
    timeMs: env.clock.now(),
    compression: env.config.compression === 'none' ? [] : [env.config.compression],
    ...(env.credential === undefined ? {} : { credential: env.credential }),
  };
}

/** Why the cloud's history does not continue ours, in words; `null` when it does. */
export function forkReason(store: EdgeStore, cursor: string, welcome: Welcome): string | null {
  const { cloudEpoch, token } = store.cloud(cursor);
  const heads = store.streams().map((stream) => store.head(cursor, stream));
  const acknowledgedAnything = heads.some((head) => head.acknowledged > 0);
  if (cloudEpoch !== null && cloudEpoch !== welcome.cloudEpoch && acknowledgedAnything) {
    return `this is not the cloud that acknowledged before: its epoch was ${cloudEpoch} and is ${welcome.cloudEpoch}`;
  }
  if (cloudEpoch === welcome.cloudEpoch && welcome.token <= token) {
    return `the cloud gave token ${token} before and now gives ${welcome.token}: it was restored from an older copy`;
  }
  for (const head of heads) {
    const mark = welcome.marks[head.stream];
    const sequence = mark?.sequence ?? 0;
    if (sequence < head.acknowledged) {
      return `the cloud acknowledged ${head.stream} up to segment ${head.acknowledged} and now has only ${sequence}`;
    }
    if (sequence > head.sealed) {
      return `the cloud has ${head.stream} up to segment ${sequence}, and this store sealed only ${head.sealed}`;
    }
    const own =
      sequence === head.acknowledged ? head.acknowledgedHash : store.header(head.stream, sequence)?.hash;
    if (sequence > head.acknowledged && !own) {
      return `the cloud has ${head.stream} up to segment ${sequence}, which this store never sent`;
    }
    if (mark && own && sequence > 0 && hex(own) !== mark.hash) {
      return `segment ${sequence} of ${head.stream} is another one in the cloud`;
    }
  }
  return null;
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
