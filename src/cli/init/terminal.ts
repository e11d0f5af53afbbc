/** Asks a person at this terminal. */
import { createInterface } from 'node:readline';

/** `null` when nobody is there. */
export function terminalAsk(): ((question: string) => Promise<string | null>) | null {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return null;
  return (question) =>
    new Promise((resolve) => {
      const lines = createInterface({ input: stdin, output: stdout });
      let text: string | null = null;
      lines.question(question, (line) => {
        text = line;
        lines.close();
      });
      // Also Ctrl-C and Ctrl-D close it.
      lines.once('close', () => resolve(text));
    });
}
