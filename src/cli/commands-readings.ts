/** Commands about readings and where they are. */
import { type CommandEntry, stateDirectory } from './command-entry.ts';

export const readingsCommands: readonly CommandEntry[] = [
  {
    name: 'cat',
    form: '[EDGE]',
    count: { min: 0, max: 1 },
    does: "print an edge's readings in the cloud, in order; without EDGE, which edges it has",
    options: ['state', 'pipeline', 'stream', 'last'],
    run: async ([edge], values) =>
      (await import('./cat.ts')).cat(edge, {
        state: stateDirectory(values),
        pipeline: values.pipeline ?? 'cloud',
        stream: values.stream,
        last: values.last,
      }),
  },
  {
    name: 'where',
    form: '[EDGE] SEQ',
    count: { min: 1, max: 2 },
    does: 'tell where the reading with that number is, at its edge and in the cloud',
    options: ['state', 'pipeline', 'stream', 'json'],
    run: async (words, values) =>
      (await import('./where.ts')).where(words, {
        state: stateDirectory(values),
        pipeline: values.pipeline,
        stream: values.stream,
        json: values.json ?? false,
      }),
  },
  {
    name: 'verify',
    form: '[EDGE]',
    count: { min: 0, max: 1 },
    does: 'prove that the cloud has every reading once, or find out what is wrong',
    options: ['state', 'pipeline', 'stream', 'json'],
    run: async ([edge], values) =>
      (await import('./verify.ts')).verify(edge, {
        state: stateDirectory(values),
        pipeline: values.pipeline ?? 'cloud',
        stream: values.stream,
        json: values.json ?? false,
      }),
  },
  {
    name: 'segments',
    form: 'list|export|discard [PIPELINE]',
    count: { min: 1, max: 2 },
    does: "see, save or give up what an edge's store holds for the cloud",
    options: ['state', 'stream', 'from', 'to', 'out', 'reason', 'yes', 'json'],
    run: async ([action, pipeline], values) =>
      (await import('./segments.ts')).segments(action!, pipeline, {
        ...values,
        state: stateDirectory(values),
      }),
  },
  {
    name: 'dead-letters',
    form: 'list|show|export|requeue|discard [PIPELINE]',
    count: { min: 1, max: 2 },
    does: 'see, save, send once more or give up what the cloud refused for good, or the disk damaged',
    options: ['state', 'id', 'out', 'yes', 'json'],
    run: async ([action, pipeline], values) =>
      (await import('./letters.ts')).deadLetters(action!, pipeline, {
        ...values,
        state: stateDirectory(values),
      }),
  },
];
