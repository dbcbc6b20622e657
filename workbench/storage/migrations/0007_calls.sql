-- The called function that a checkpoint's block is in; null for the run's own.
ALTER TABLE checkpoints ADD COLUMN function_id UUID;
ALTER TABLE inherited ADD COLUMN function_id UUID;
