/** Who runs this process. */
import { userInfo } from 'node:os';

/** For the audit log. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
