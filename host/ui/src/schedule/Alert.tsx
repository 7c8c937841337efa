import type { ReactNode } from 'react';

export function Alert({ children }: { children: ReactNode }) {
  return (
    <div className="sg-note" data-tone="timeout" role="status">
      {children}
    </div>
  );
}
