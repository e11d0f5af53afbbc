/** A cloud played by hand: takes every greeting and answers segments as told. */
import type { Welcome } from '../../src/contract/link.ts';
import type { SegmentHeader } from '../../src/domain/segment.ts';
import { type CloudLink, openCloudLink } from '../../src/link/cloud-link.ts';
import { welcome } from '../link/fixtures.ts';
import { cloudPort, type World } from './two-sides.ts';

export async function fakeCloud(
  world: World,
  answer: (link: CloudLink, header: SegmentHeader) => void,
  own: Partial<Welcome> = {},
): Promise<void> {
  const { transport } = world.network.join();
  await transport.listen({ host: 'cloud', port: cloudPort }, (connection) => {
    const link = openCloudLink(connection, {
      clock: world.clock,
      on: {
        segment: (header) => answer(link, header),
        goodbye: (reason) => link.goodbye(reason),
        closed: () => {},
      },
    });
    link.hello.then(() => link.welcome({ ...welcome, frameBytesMax: 2 ** 20, ...own })).catch(() => {});
  });
}
