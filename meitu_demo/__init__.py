"""Portrait-photo APIs to click through: four cloud endpoints, live with keys and offline without."""

import os

# numpy's BLAS reads this when it is loaded. Effects bring threads of their own; for their small products its helpers
# hardly help, and wait for the next one by spinning: a tenth of all processor time when two effects run.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
