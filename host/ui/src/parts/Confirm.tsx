/** Asks before something that cannot be taken back. */
import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  opened: boolean;
  title: string;
  /** What happens. */
  children: ReactNode;
  /** What the button says. */
  act: string;
  busy?: boolean;
  onAct: () => void;
  onClose: () => void;
}

export function Confirm({ opened, title, children, act, busy = false, onAct, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      // Mantine locks the page behind by a style without a nonce, which the policy refuses.
      lockScroll={false}
      opened={opened}
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': t('parts.close') }}
    >
      <div className="sg-confirm">
        <div>{children}</div>
        <div className="sg-confirm-buttons">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('parts.cancel')}
          </Button>
          <Button variant="default" color="var(--sg-failed)" loading={busy} onClick={onAct}>
            {act}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
