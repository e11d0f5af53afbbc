/** What a session says of segments that are on the disk. */
import type { StoredReport } from '../contract/report.ts';
import type { Receipt } from '../contract/store.ts';

/** One for each stream: which segments they are, and where the first one will stand. */
export function storedReports(stored: readonly Receipt[]): StoredReport[] {
  return Array.from(Map.groupBy(stored, ({ header }) => header.stream).values(), (receipts) => {
    const [first, last] = [receipts[0]!, receipts.at(-1)!];
    const { edge, stream, sequence, type } = first.header;
    const readings = receipts.reduce(
      (sum, { header }) => sum + (header.type === 'gap' ? 0 : header.count),
      0,
    );
    return {
      type: 'stored',
      edge,
      stream,
      segment: last.header.sequence,
      ...(first === last ? {} : { first: sequence }),
      readings,
      ...(first === last && type === 'gap' ? { gap: true } : {}),
      file: first.file,
    };
  });
}
