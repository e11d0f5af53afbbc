/** Effects of the kind `ack-handler`: what the cloud has on its disk leaves the edge. */
import type { AckHandlerEffects } from '../../machines/ack-handler.ts';
import type { Acknowledgement, InPort } from '../contract/port.ts';
import { type Reporter, segmentReports } from '../contract/report.ts';
import type { EdgeStore } from '../contract/store.ts';

const limits = { itemsMax: 1_024, bytesMax: 2 ** 20 };

export interface AckEnv {
  readonly store: EdgeStore;
  /** The cursor that the acknowledgements move: the uploader's. */
  readonly cursor: string;
  readonly input: InPort<Acknowledgement>;
  readonly report: Reporter;
}

export function ackEffects(env: AckEnv): AckHandlerEffects {
  const { store, report } = env;

  const settle = async (ack: Acknowledgement): Promise<number> => {
    const headers = await store.acknowledge(env.cursor, ack.stream, ack.sequence, ack.hash);
    for (const what of ['acknowledged', 'deleted'] as const) {
      for (const told of segmentReports(what, headers)) report(told);
    }
    return headers.length;
  };
  const tell = (ack: Acknowledgement) => {
    for (const message of ack.messages) {
      report({ type: 'forecast', segment: message.sequence, ...message.forecast });
    }
  };

  return {
    async settle({ signal, emit }) {
      await env.input.consume(limits, signal, async (acks) => {
        // A message may come without anything to delete: then there is no news for the statechart.
        const news = acks.filter((ack) => ack.sequence > 0).length;
        if (news > 0) emit({ type: 'ACKNOWLEDGED', count: news });
        let segments = 0;
        for (const ack of newest(acks)) segments += await settle(ack);
        for (const ack of acks) tell(ack);
        if (news > 0) emit({ type: 'DELETED', segments });
      });
    },
  };
}

/** The last acknowledgement of each stream: it stands for all before it, and they are deleted in one commit. */
function newest(acks: readonly Acknowledgement[]): Iterable<Acknowledgement> {
  const byStream = new Map<string, Acknowledgement>();
  for (const ack of acks) {
    if (ack.sequence > (byStream.get(ack.stream)?.sequence ?? 0)) byStream.set(ack.stream, ack);
  }
  return byStream.values();
}
