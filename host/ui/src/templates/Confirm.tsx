/** Asks before something is done that cannot be taken back by a press. */
import { Button, Modal } from '@mantine/core';
import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Trouble } from '../parts/states';

interface Props {
  opened: boolean;
  close: () => void;
  title: string;
  /** What the button that does it says. */
  act: string;
  mutation: UseMutationResult<unknown, Error, void>;
  children: ReactNode;
}

export function Confirm({ opened, close, title, act, mutation, children }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      // As for the palette: its lock is a style without a nonce.
      lockScroll={false}
      opened={opened}
      onClose={close}
      title={title}
      centered
      closeButtonProps={{ 'aria-label': t('parts.close') }}
    >
      <div className="sg-stack">
        <div>{children}</div>
        {mutation.isError && <Trouble error={mutation.error} />}
        <div className="sg-row sg-row-tight sg-row-end">
          <Button variant="default" onClick={close} data-autofocus>
            {t('editor.cancel')}
          </Button>
          <Button
            color="var(--sg-failed)"
            variant="default"
            loading={mutation.isPending}
            onClick={() => mutation.mutate()}
          >
            {act}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
