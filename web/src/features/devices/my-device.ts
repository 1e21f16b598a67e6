import { useLocalStorage } from '@mantine/hooks';

/** The device that the person said they are using, in this browser; null when they did not say. */
export function useMyDevice(routerId: string): [string | null, (mac: string | null) => void] {
  const [mac, setMac] = useLocalStorage<string>({
    key: `netpilot-my-device-${routerId}`,
    defaultValue: '',
    getInitialValueInEffect: false,
  });
  return [mac === '' ? null : mac, (chosen) => setMac(chosen ?? '')];
}
