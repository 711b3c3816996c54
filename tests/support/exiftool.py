"""What a test says where ExifTool is missing."""

EXIFTOOL_MISSING = (
    "ExifTool is not installed here, so no other program reads our marks (apt-get install libimage-exiftool-perl)"
)
