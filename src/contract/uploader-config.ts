/** Parts of what an uploader is configured with. */
import { z } from 'zod';
import { duration, number, size } from './config.ts';

export const uploadWindow = () =>
  z
    .strictObject({
      segments: number({ min: 1, max: 65_536, integer: true })
        .prefault(4_096)
        .describe('Most segments on their way.'),
      bytes: size({ min: '1KiB', max: '1GiB' })
        .prefault('256MiB')
        .describe(
          'Most bytes on their way; below it the link takes what its round trip needs, from 16MiB up.',
        ),
    })
    .prefault({})
    .describe('How much may be unacknowledged; the smaller one of both sides counts.');

export const retention = () =>
  z
    .strictObject({
      age: duration({ min: '1s', max: '3650d' })
        .optional()
        .describe('Longest wait of a segment, by the wall clock; absent: no bound.'),
      bytes: size({ min: '64KiB', max: '1TiB' })
        .optional()
        .describe('Most bytes that wait; absent: `store.max`.'),
    })
    .prefault({})
    .describe(
      'What may wait for the cloud; of what is beyond, the oldest that was never sent is dropped and becomes a gap.',
    );

export const deadLetters = () =>
  z
    .strictObject({
      refusals: number({ min: 1, max: 1_000, integer: true })
        .prefault(5)
        .describe(
          'So often may the cloud refuse one segment, also across restarts; then it becomes a dead letter, and a gap in the cloud.',
        ),
      max: size({ min: '64KiB', max: '1GiB' })
        .prefault('64MiB')
        .describe(
          'Room for dead letters, at most a quarter of `store.max`. What does not fit stays where it is, and its stream waits: so much is no accident.',
        ),
    })
    .prefault({})
    .describe('What is done with segments that the cloud refuses for good, or the disk damaged.');
