import { useLocalStorage } from '@mantine/hooks';

export interface MyDevice {
  /** The device that the person said they are using, in this browser; null when they did not say. */
  mine: string | null;
  say: (mac: string | null) => void;
  /** Who asks, for an operation that could take the Internet from them. */
  asker: (confirmed: boolean) => { devices: string[]; confirmed: boolean };
}

/** Kept in this browser only: the bastion cannot know which device of a home somebody sits at. */
export function useMyDevice(routerId: string): MyDevice {
  const [mac, setMac] = useLocalStorage<string>({
    key: `netpilot-my-device-${routerId}`,
    defaultValue: '',
    getInitialValueInEffect: false,
  });
  return {
    mine: mac === '' ? null : mac,
    say: (chosen) => setMac(chosen ?? ''),
    asker: (confirmed) => ({ devices: mac === '' ? [] : [mac], confirmed }),
  };
}
