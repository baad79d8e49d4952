import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.apache.flink.statefun.sdk.java.TypeName;
import org.apache.flink.statefun.sdk.java.types.SimpleType;
import org.apache.flink.statefun.sdk.java.types.Type;

/** Types in JSON, which the SDK leaves to its users. */
final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .serializationInclusion(JsonInclude.Include.NON_NULL)
          .build();

  private Json() {}

  /** The type of a record, whose values do not change. */
  static <T> Type<T> type(String name, Class<T> record) {
    return SimpleType.simpleImmutableTypeFrom(
        TypeName.typeNameFromString(name), MAPPER::writeValueAsBytes, bytes -> MAPPER.readValue(bytes, record));
  }
}
