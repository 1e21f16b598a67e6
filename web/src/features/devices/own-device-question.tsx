import { Confirm } from '../../shell/confirm.tsx';

interface OwnDeviceQuestionProps {
  opened: boolean;
  onClose: () => void;
  /** Name of the device. */
  name: string;
  onConfirm: () => Promise<unknown>;
}

/** Asks before the person takes the Internet from the device that they are using. */
export function OwnDeviceQuestion({ name, ...props }: OwnDeviceQuestionProps) {
  return (
    <Confirm {...props} title="Block your own device?" action="Block it" danger>
      You said that you are using {name}. Without the Internet you cannot unblock it from here: you would need another
      device or another network.
    </Confirm>
  );
}
