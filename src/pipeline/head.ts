/** What stands above the actors: version, names, store. */
import { z } from 'zod';
import { size } from '../contract/config.ts';
import { consoleConfig } from '../contract/console-config.ts';
import { namePattern } from '../domain/segment.ts';
import { notAName } from './actors.ts';

const name = () => z.string().regex(namePattern, { error: ({ input }) => notAName(String(input)) });

/** `store:` as people write it. */
export const storeSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .refine((path) => !path.includes('\0'), { error: 'a path cannot contain NUL' })
    .describe('Directory of the store; a relative one starts from the working directory.'),
  max: size({ min: '4MiB' }).prefault('256MiB').describe('Quota.'),
  'when-full': z
    .enum(['block', 'drop-oldest', 'drop-newest'])
    .prefault('block')
    .describe(
      'What happens at the quota: `block` makes sources wait, `drop-oldest` gives up what was never sent, `drop-newest` ' +
        'turns away what sensors measure then. What is dropped becomes a gap; an edge only, a cloud blocks.',
    ),
});

/** Everything but `actors:`, which needs the kinds. */
export const headSchema = z.strictObject({
  fogrun: z.literal(1).describe('Version of the file format.'),
  pipeline: name().describe('Name of the pipeline.'),
  edge: z
    .union([z.literal(''), name()])
    .prefault('')
    .describe('Id of this edge; empty: made once and kept in the store.'),
  store: storeSchema.optional().describe('Where readings are kept until the cloud has them.'),
  console: consoleConfig().optional().describe('Serves the console for browsers from this process.'),
  states: z
    .enum(['changes', 'all', 'none'])
    .prefault('changes')
    .describe(
      'Which transitions of its actors an edge tells its cloud, in the stream `states`: `changes` are those that make something ' +
        'wrong or well again, `all` also the ordinary ones of every segment.',
    ),
});
