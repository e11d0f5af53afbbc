/** A simulation's outcome as one page for people: HTML for a browser, Markdown for everything else. */
import { htmlReport } from './report-html.ts';
import { markdownReport } from './report-md.ts';
import type { SimRun } from './run.ts';

export type ReportForm = 'html' | 'md';

/** The same text for the same run: nothing of the machine or the day it was made on is in it. */
export function renderReport(run: SimRun, form: ReportForm): string {
  return form === 'html' ? htmlReport(run) : markdownReport(run);
}
