/** Where a service has its files: of the system, or of one person's systemd. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Places {
  readonly unitDirectory: string;
  readonly unit: string;
  readonly environmentFile: string;
  readonly stateDirectory: string;
  readonly stateIsDefault: boolean;
  /** Whose word the directory is. */
  readonly stateFrom: 'option' | 'variable' | 'system';
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** Where systemd looks for units that an administrator, or a person, wrote; source: systemd.unit(5). */
export function unitDirectory(user: boolean, variables: Variables): string {
  return user ? join(configHome(variables), 'systemd', 'user') : '/etc/systemd/system';
}

export function placesOf(
  name: string,
  { user, state }: { readonly user: boolean; readonly state?: string | undefined },
  variables: Variables,
): Places {
  const directory = unitDirectory(user, variables);
  // That of the caller would be in a home, where a service of the system has no business unless it is told so.
  const given = state ?? (user ? variables.FOGRUN_STATE || undefined : undefined);
  const stateHome = absolute(variables.XDG_STATE_HOME) ?? join(home(variables), '.local', 'state');
  return {
    unitDirectory: directory,
    unit: join(directory, `fogrun-${name}.service`),
    environmentFile: user
      ? join(configHome(variables), 'fogrun', `${name}.env`)
      : join('/etc/fogrun', `${name}.env`),
    stateDirectory:
      given === undefined ? join(user ? stateHome : '/var/lib', `fogrun-${name}`) : resolve(given),
    stateIsDefault: given === undefined,
    stateFrom: state !== undefined ? 'option' : given !== undefined ? 'variable' : 'system',
  };
}

function configHome(variables: Variables): string {
  return absolute(variables.XDG_CONFIG_HOME) ?? join(home(variables), '.config');
}

/** The XDG specification wants relative paths to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined;
}

const home = ({ HOME }: Variables) => HOME || homedir();
