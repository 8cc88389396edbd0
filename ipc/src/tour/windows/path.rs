use crate::tour::stage::Stage;

/// A pipe of this row alone.
pub(super) fn unique(stage: &Stage) -> String {
    format!(r"\\.\pipe\{}", stage.unique_name())
}
